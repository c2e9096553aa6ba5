"""Ask the vulnerability database of PyPI about the packages that are installed: `make audit`, part of `make check`.

Ends with 1 when one of them has a known vulnerability. Where the database cannot be asked, without a network or behind
a mirror that does not have it, it says so and ends with 0: it is no fault of the code. Whatever else keeps pip-audit
from answering is one.
"""

import json
import subprocess
import sys
from pathlib import Path

UNREACHABLE = ("requests.exceptions", "ConnectionError", "Could not connect", "network", "Timeout")
"""What pip-audit says where it cannot ask."""


def verdict(dependencies: list[dict[str, object]]) -> tuple[int, str]:
    """What is to be said about the answers for each package, with the exit code before it."""
    if not dependencies:
        return 1, "expected at least one package to ask about, but got none."
    skipped = [str(each["name"]) for each in dependencies if "skip_reason" in each]
    if len(skipped) == len(dependencies):
        return 0, f"not audited: the vulnerability database knows none of {len(skipped)} packages; can it be reached?"
    lines = [
        f"{each['name']} {each['version']}: {vulnerability['id']}, mended in {fixed or 'no release yet'}"
        for each in dependencies
        for vulnerability in each.get("vulns", [])  # type: ignore[attr-defined]
        for fixed in [", ".join(vulnerability["fix_versions"])]
    ]
    lines += [f"not audited: {name}" for name in skipped]
    bad = any(each.get("vulns") for each in dependencies)
    return int(bad), "\n".join([*lines, f"{len(dependencies) - len(skipped)} packages audited"])


def main(requirements: str) -> int:
    """Audit a file of pinned requirements."""
    answers = Path(requirements).with_suffix(".json")
    answers.unlink(missing_ok=True)
    options = ["--no-deps", "--disable-pip", "--progress-spinner", "off", "--format", "json", "--output", str(answers)]
    done = subprocess.run(
        [sys.executable, "-m", "pip_audit", "--requirement", requirements, *options],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    if not answers.exists():
        print(f"not audited: {(done.stderr.strip() or 'no answer').splitlines()[-1]}")
        return int(not any(words in done.stderr for words in UNREACHABLE))
    code, words = verdict(json.loads(answers.read_text())["dependencies"])
    print(words)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
