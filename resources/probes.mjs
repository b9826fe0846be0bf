import { floods } from "./probes/floods.mjs";
import { pieces } from "./probes/pieces.mjs";
import { bomb } from "./probes/bomb.mjs";
import { slowHeads } from "./probes/slow-heads.mjs";
import { descriptors } from "./probes/descriptors.mjs";
import { connections } from "./probes/connections.mjs";
import { closing } from "./probes/closing.mjs";
import { frames } from "./probes/frames.mjs";

/**
 * What uses memory or time, and may not use more than a bound. Each gives figures, `{ what, figure, bound, unit }`; with
 * `least`, the bound is the least that is expected.
 */
export const PROBES = {
  ...floods,
  ...pieces,
  ...bomb,
  ...slowHeads,
  ...descriptors,
  ...connections,
  ...closing,
  ...frames,
};
