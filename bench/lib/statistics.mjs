// Numbers of several runs as one.
export const sorted = (list) => [...list].sort((a, b) => a - b);

export function median(list) {
  const s = sorted(list);
  const middle = s.length >> 1;
  return s.length % 2 ? s[middle] : (s[middle - 1] + s[middle]) / 2;
}

/** { median, min, max } of the runs' numbers. */
export function spread(list) {
  const s = sorted(list.filter((x) => x !== null));
  if (s.length === 0) return { median: null, min: null, max: null };
  return { median: median(s), min: s[0], max: s.at(-1) };
}

/** What is compared is compared inside a pair: both ran within seconds of each other. */
export const ratios = (ours, theirs) => spread(ours.map((x, i) => x / theirs[i]));
