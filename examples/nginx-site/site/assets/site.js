fetch("/downloads/numbers.txt")
  .then((answer) => answer.text())
  .then((text) => text.trim().split("\n").reduce((sum, line) => sum + Number(line), 0))
  .then((sum) => { document.getElementById("sum").textContent = sum; });
