"""The command `fleetplan`: one file per subcommand; heavy imports stay inside the functions that need them."""

from __future__ import annotations

import sys

import typer

from fleets.errors import CatalogError
from planner.cli.calibrate import calibrate
from planner.cli.catalog import catalog
from planner.cli.check import check
from planner.cli.compare import compare
from planner.cli.exit_codes import BUG
from planner.cli.explain import explain
from planner.cli.frontier import frontier
from planner.cli.import_architecture import architecture
from planner.cli.import_benchmark import imports
from planner.cli.report import report
from planner.cli.schema import schema
from planner.cli.solve import solve
from planner.cli.step_time import step_time
from planner.cli.validate import validate
from planner.cli.whatif import whatif
from planner.config.places import located, text_of_file
from planner.errors import CertificateError, InputError

app = typer.Typer(
    help="Plan the cheapest certified fleet for serving language models, from a YAML file.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (solve, check, schema, catalog):
    app.command()(command)
app.command()(calibrate)
app.command()(validate)
imports.command()(architecture)
app.add_typer(imports, name="import")
app.command()(step_time)
app.command()(frontier)
app.command()(explain)
app.command()(whatif)
app.command()(compare)
app.command()(report)


def main() -> None:
    """Run the command line: 0 answered, 2 bad input, 3 proven infeasible, 4 no plan within the limits, 1 a bug."""
    try:
        app()
    except (InputError, CatalogError) as error:
        print(InputError(located(error.problems, text_of_file)).render(), file=sys.stderr)
        sys.exit(2)
    except CertificateError as error:
        print(f"internal error: {error}", file=sys.stderr)
        if error.record:
            from planner.plan.dump import write_dump

            print(f"written to {write_dump(error.record)}: please report it with that file", file=sys.stderr)
        sys.exit(BUG)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
