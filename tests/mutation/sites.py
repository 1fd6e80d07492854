"""Where checks are made: every call that makes one, in the certificate and in the limits."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("planner/certificate", "planner/limits")
MAKERS = {"at_most", "at_least", "equal", "holds", "Check", "_yield", "_parts_of_cost"}


@dataclass(frozen=True)
class Site:
    """One call."""

    path: str
    line: int
    column: int
    text: str

    @property
    def name(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


def calls(source: str) -> list[ast.Call]:
    """Calls that make a check, in order; calls of `compare`, which stands for two of them, too."""
    return [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in (MAKERS - {"_yield", "_parts_of_cost"}) | {"compare"}
    ]


def sites() -> list[Site]:
    """Every place where a check is made."""
    found = []
    for package in PACKAGES:
        for path in sorted((ROOT / package).glob("*.py")):
            source = path.read_text(encoding="utf-8")
            name = str(path.relative_to(ROOT))
            found += [Site(name, call.lineno, call.col_offset, ast.unparse(call)) for call in calls(source)]
    return sorted(found, key=lambda site: (site.path, site.line, site.column))


def mutated(source: str, line: int, column: int) -> str:
    """The source with one check passing whatever it finds."""
    tree = ast.parse(source)

    class Passing(ast.NodeTransformer):
        def visit_Call(self, node: ast.Call) -> ast.AST:
            self.generic_visit(node)
            if (node.lineno, node.col_offset) != (line, column) or not isinstance(node.func, ast.Name):
                return node
            wrapped = ast.parse("__import__('dataclasses').replace(None, passed=True)", mode="eval").body
            assert isinstance(wrapped, ast.Call)
            wrapped.args = [node]
            return ast.copy_location(wrapped, node)

    return ast.unparse(ast.fix_missing_locations(Passing().visit(tree)))
