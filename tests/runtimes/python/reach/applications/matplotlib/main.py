"""matplotlib without a display: a figure with mathematics in every file format."""

import io

import matplotlib.pyplot as plt

if __name__ == "__main__":
    figure, axes = plt.subplots()
    axes.plot([1, 2], label="x")
    axes.set_title(r"$\alpha$")
    axes.legend()
    for kind in ("png", "svg", "pdf", "ps"):
        figure.savefig(io.BytesIO(), format=kind)
    plt.style.use("ggplot")
