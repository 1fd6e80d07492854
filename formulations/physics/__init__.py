"""Physics: seconds of a decode step and of a prompt, from an architecture, a machine and a layout; numpy only, SI units.

`machine` and `precision` say what an accelerator sustains, `shape` what a model multiplies, `layout` how an instance is
split; `traffic`, `arithmetic`, `kv_cache`, `experts`, `collectives` and `network` are one concern each; `step` puts
them together as coefficients in the batch, from which every step time is evaluated. `capacity`, `prefill` and
`speculation` are what a plan needs beside it, `deployable` its layouts, `search` and `candidates` the paper's
real-valued ones, `toy` its section 2.2. Equations are numbered P1, P2, … as in docs/physics.md.
"""
