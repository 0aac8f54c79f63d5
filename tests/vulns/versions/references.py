"""What the reference implementations say of pairs of versions, and where that is kept.

``python -m tests.vulns.versions.references`` asks those that are installed and writes
``answers/NAME.txt`` again: a line is ``VERSION < VERSION``, or ``?`` where the reference refuses
one of the two. Pairs are made up, the same each time, most of them one slip apart.

Asked so far: rpm 4.18.0 (``rpm.vercmp`` of its Lua), dpkg 1.21.22 (``--compare-versions``),
maven-artifact 3.8.7, RubyGems 3.3.15, node-semver 7, composer/semver 3.3.2 on PHP 8.2,
and ``src/version.c`` of apk-tools 3, compiled.
"""

from __future__ import annotations

import itertools
import random
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ANSWERS = Path(__file__).parent / "answers"

Pair = tuple[str, str]

SIGNS = {-1: "<", 0: "=", 1: ">"}

JAVA = """
import org.apache.maven.artifact.versioning.ComparableVersion;
public class Compare {
  public static void main(String[] none) throws Exception {
    var in = new java.io.BufferedReader(new java.io.InputStreamReader(System.in));
    for (String line; (line = in.readLine()) != null;) {
      String[] pair = line.split(" ");
      int told = new ComparableVersion(pair[0]).compareTo(new ComparableVersion(pair[1]));
      System.out.println(told < 0 ? "<" : told > 0 ? ">" : "=");
    }
  }
}
"""
RUBY = """
STDIN.each_line do |line|
  one, other = line.split
  begin
    told = Gem::Version.new(one) <=> Gem::Version.new(other)
    puts(told < 0 ? "<" : told > 0 ? ">" : "=")
  rescue ArgumentError
    puts "?"
  end
end
"""
NODE = """
const semver = require(process.argv[1]);
for (const line of require("fs").readFileSync(0, "utf8").trim().split("\\n")) {
  const [one, other] = line.split(" ");
  if (!semver.valid(one) || !semver.valid(other)) { console.log("?"); continue; }
  const told = semver.compare(one, other);
  console.log(told < 0 ? "<" : told > 0 ? ">" : "=");
}
"""
PHP = """
require "Composer/Semver/autoload.php";
$parser = new Composer\\Semver\\VersionParser();
while (($line = fgets(STDIN)) !== false) {
  [$one, $other] = explode(" ", trim($line));
  try {
    [$one, $other] = [$parser->normalize($one), $parser->normalize($other)];
  } catch (UnexpectedValueException $error) {
    echo "?\\n";
    continue;
  }
  if (str_starts_with($one, "dev-") || str_starts_with($other, "dev-")) { echo "?\\n"; continue; }
  $less = Composer\\Semver\\Comparator::lessThan($one, $other);
  $more = Composer\\Semver\\Comparator::greaterThan($one, $other);
  echo $less ? "<" : ($more ? ">" : "="), "\\n";
}
"""
MAVEN = "/usr/share/java/maven3-artifact.jar:/usr/share/java/commons-lang3.jar"
SEMVER = "/usr/lib/node_modules/npm/node_modules/semver"


@dataclass(frozen=True)
class Reference:
    """A reference: the ecosystem that it is of, what its versions are made of, how it is asked."""

    ecosystem: str
    parts: str
    command: str
    ask: Callable[[list[Pair]], list[str]]

    @property
    def is_here(self) -> bool:
        return shutil.which(self.command) is not None


def pairs(reference: Reference, count: int, seed: str = "") -> list[Pair]:
    """Pairs that a version of `reference` could be, the same for the same seed."""
    chance = random.Random(reference.ecosystem + seed)
    return list(itertools.islice(_pairs(reference.parts.split(), chance), count))


def _pairs(parts: list[str], chance: random.Random) -> Iterator[Pair]:
    starts = ["1", "1", "0", "2", "10", "1.0", "1.2.3", "1.0.0", "1.2"]
    while True:
        one = chance.choice(starts) if chance.random() < 0.95 else ""
        one += "".join(chance.choice(parts) for _ in range(chance.choice([1, 1, 2, 2, 3, 4, 5])))
        at = chance.randrange(len(one) + 1)
        other = one[:at] + chance.choice(parts) + one[at + (chance.random() < 0.5) :]
        if one and other:
            yield one, other


def answers(name: str) -> list[tuple[str, str, str]]:
    """What is kept of a reference: version, sign, version."""
    lines = (ANSWERS / f"{name}.txt").read_text().splitlines()
    return [(one, sign, other) for one, sign, other in (line.split(" ") for line in lines)]


def _told(*command: str) -> Callable[[list[Pair]], list[str]]:
    def ask(wanted: list[Pair]) -> list[str]:
        lines = "".join(f"{one} {other}\n" for one, other in wanted)
        done = subprocess.run(command, input=lines, capture_output=True, text=True, check=True)
        return done.stdout.split()

    return ask


def _rpm(wanted: list[Pair]) -> list[str]:
    told: list[str] = []
    for batch in range(0, len(wanted), 500):
        script = "".join(
            f'do local ok, told = pcall(rpm.vercmp, "{one}", "{other}") '
            'print(ok and told or 9, " ") end '
            for one, other in wanted[batch : batch + 500]
        )
        command = ["rpm", "--eval", f"%{{lua: {script}}}"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        told += ({"-1": "<", "0": "=", "1": ">", "9": "?"}[one] for one in done.stdout.split())
    return told


def _dpkg(wanted: list[Pair]) -> list[str]:
    def compare(one: str, other: str) -> str:
        for operator, sign in (("lt", "<"), ("gt", ">"), ("eq", "=")):
            command = ["dpkg", "--compare-versions", one, operator, other]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.stderr:
                return "?"
            if done.returncode == 0:
                return sign
        return "?"

    return [compare(*pair) for pair in wanted]


def _maven(wanted: list[Pair]) -> list[str]:
    import tempfile

    with tempfile.TemporaryDirectory() as directory:
        source = Path(directory) / "Compare.java"
        source.write_text(JAVA)
        return _told("java", "-cp", MAVEN, str(source))(wanted)


REFERENCES = {
    "apk": Reference(
        "Alpine",
        "0 1 2 9 10 .0 .01 .001 .9 .1 . .2 a b _alpha _beta1 _pre _rc2 _cvs _git _p _p1 -r0 -r1 "
        "-r10 ~abc _x",
        "apk-compare",
        _told("apk-compare"),
    ),
    "rpm": Reference(
        "AlmaLinux",
        "0 1 2 9 10 01 007 . . - _ + ~ ^ a b rc el8 Z ~rc ^git 0: 1: : .el9_2",
        "rpm",
        _rpm,
    ),
    "dpkg": Reference("Debian", "0 1 2 9 10 01 . . - + ~ a b rc deb12u1 Z ~rc1", "dpkg", _dpkg),
    "semver": Reference(
        "npm", "0 1 2 9 10 .0 .1 .2 .3 - -rc -alpha. -1 +b x rc1 v .x -a.1", "node",
        _told("node", "-e", NODE, SEMVER),
    ),
    "maven": Reference(
        "Maven",
        "0 1 2 10 01 . . - - alpha beta a b m rc cr snapshot SNAPSHOT ga final sp foo x RELEASE "
        "_ +",
        "java",
        _maven,
    ),
    "gem": Reference(
        "RubyGems", "0 1 2 10 01 .0 .1 . .a .b rc .pre - B x1", "ruby", _told("ruby", "-e", RUBY)
    ),
    "packagist": Reference(
        "Packagist",
        "0 1 2 10 01 .0 .1 . - alpha beta1 b2 rc RC3 patch pl1 p -dev .x stable @dev +b v 2010 _",
        "php",
        _told("php", "-d", "include_path=/usr/share/php", "-r", PHP),
    ),
}  # fmt: skip


def write(name: str, count: int = 600) -> None:
    """Ask one reference, and keep what it says; of what it refuses only a tenth."""
    reference = REFERENCES[name]
    kept: list[str] = []
    refused = 0
    for batch in range(100):
        made = pairs(reference, count, str(batch))
        for (one, other), sign in zip(made, reference.ask(made), strict=True):
            refused += sign == "?"
            if (sign != "?" or refused <= count // 10) and len(kept) < count:
                kept.append(f"{one} {sign} {other}\n")
        if len(kept) == count:
            break
    (ANSWERS / f"{name}.txt").write_text("".join(kept))


if __name__ == "__main__":
    for each, asked in REFERENCES.items():
        if asked.is_here:
            write(each)
