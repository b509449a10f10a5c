/* All layers in one map. */
import { Heat } from "./heat.mjs";

/* Stands in place of a layer for the mean of all layers' maps. */
export const ALL = "all layers";

/* The mean of many layers' maps, each enlarged to rows x columns and over its own maximum there; flat ones don't count. It is what
   `explain/methods/all_layer_cam.py` computes, here of all the maps that are given. `seen`: as for `Heat`. */
export function mean(maps, rows, columns, seen) {
  const values = new Float32Array(rows * columns);
  let used = 0;
  for (const map of maps) {
    const heat = new Heat(map, { ...seen, width: columns, height: rows, area: [0, 0, 1, 1] });
    if (heat.flat) continue;
    heat.addTo(values, columns, rows);
    used++;
  }
  return { values: values.map((value) => value / (used || 1)), rows, columns, used };
}
