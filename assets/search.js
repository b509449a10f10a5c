/* How the selects are searched. No module, because Dash draws them before modules run. */

window.dashMantineFunctions = Object.assign(window.dashMantineFunctions ?? {}, {
  /* What holds all words, in any order: "toyota 2012". Groups without a hit go. */
  byWords({ options, search }) {
    const words = search.toLowerCase().split(/\s+/);
    const hit = ({ label }) => words.every((word) => label.toLowerCase().includes(word));
    return options.flatMap((option) => {
      if (!option.items) return hit(option) ? option : [];
      const items = option.items.filter(hit);
      return items.length ? { ...option, items } : [];
    });
  },
});
