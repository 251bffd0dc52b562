"""Run benchmarks or proofs by name: each prints one line of JSON, the last on standard output.

python -m benchmarks [NAME ...]            measure us against the peers
python -m benchmarks --proofs NAME [...]   prove something at full size
"""

import importlib
import json
import sys
from pathlib import Path


def main(arguments: list[str]) -> int:
    """Run what is named, or all; 1 if a target is missed or a proof fails, 2 for a wrong name."""
    is_proof = "--proofs" in arguments
    names = [one for one in arguments if one != "--proofs"]
    package = "benchmarks.proofs" if is_proof else "benchmarks"
    known = list_names(package)
    unknown = [name for name in names if name not in known]
    if unknown or (is_proof and not names):
        print(f"NAME must be one of: {', '.join(known)}", file=sys.stderr)
        return 2
    return max([_run(package, name) for name in names or known], default=0)


def list_names(package: str) -> list[str]:
    """List the benchmarks or proofs that a package has: its modules with the function for it."""
    folder = Path(str(importlib.import_module(package).__file__)).parent
    function = "prove" if package.endswith("proofs") else "measure"
    return sorted(
        path.stem for path in folder.glob("*.py") if f"\ndef {function}(" in path.read_text()
    )


def _run(package: str, name: str) -> int:
    module = importlib.import_module(f"{package}.{name}")
    if package == "benchmarks":
        results = module.measure()
        for result in results:
            print(result.to_json(), flush=True)
        return 0 if all(result.met for result in results) else 1
    found = module.prove()
    print(json.dumps({"name": name, **found}, ensure_ascii=False), flush=True)
    return 0 if found["proven"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
