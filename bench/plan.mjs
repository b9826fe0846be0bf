// What `npm run bench` measures: groups of cases, and the implementations that stand beside each other in a group.

const KIBIBYTE = 1024;
const SIZES = [16, 125, KIBIBYTE, 16 * KIBIBYTE, 64 * KIBIBYTE, KIBIBYTE * KIBIBYTE];
const KINDS = ["binary", "ascii", "multibyte"];
/** What `packed` fills: the most that Node reads from a socket at once. */
const SOCKET_READ = 64 * KIBIBYTE;

/** A Python interpreter that has wsproto; null without `--python`. */
export const pythonColumn = (interpreter) => ({
  id: "python",
  module: "python.py",
  interpreter,
});

export const ws = { id: "ws", module: "ws.mjs" };
const wsPlain = { id: "ws-js", module: "ws.mjs", environment: { WS_NO_BUFFER_UTIL: "1" } };
const driver = { id: "websocket-driver", module: "websocket-driver.mjs" };
const undici = { id: "undici", module: "undici.mjs" };
export const limit = { id: "limit", module: "limit.mjs" };
export const own = (id, options = {}) => ({ id, module: "wsproto.mjs", options, own: true });

const SHAPES = {
  one: { title: "one message a chunk", sizes: SIZES },
  packed: {
    title: "many messages a chunk of 64 KiB",
    sizes: SIZES.filter((size) => size <= 16 * KIBIBYTE),
  },
  split: { title: "many chunks a message", sizes: SIZES },
};

/** In how large pieces a payload of `size` octets arrives when it is split. */
function pieceLength(size) {
  if (size < 4 * 1460) return Math.ceil(size / 4);
  return size < 512 * KIBIBYTE ? 1460 : SOCKET_READ;
}

function chunking(shape, size) {
  const frameLength = size + (size > 65_535 ? 14 : size > 125 ? 8 : 6);
  if (shape === "packed") return { perChunk: Math.floor(SOCKET_READ / frameLength) };
  return shape === "split" ? { pieceLength: pieceLength(size) } : { perChunk: 1 };
}

function parseGroup(role, shape) {
  const group = `parse/${role}/${shape}`;
  const masked = role === "server" ? "masked" : "unmasked";
  const cases = KINDS.flatMap((kind) =>
    SHAPES[shape].sizes.map((size) => ({
      id: `${group}/${kind}/${size}`,
      direction: "parse",
      role,
      kind,
      size,
      ...chunking(shape, size),
    })),
  );
  const isServer = role === "server";
  const data = own("data", { data: true, ownsInput: isServer });
  const columns = isServer
    ? [own("wsproto"), own("ownsInput", { ownsInput: true }), data, ws, wsPlain, driver, limit]
    : [own("wsproto"), data, ws, undici, driver, limit];
  if (shape === "split") columns.splice(1, 0, own("pieces", { pieces: true }));
  return {
    id: group,
    title: `Parse, ${role} (${masked} input), ${SHAPES[shape].title}`,
    cases,
    columns,
  };
}

function serialiseGroup(role) {
  const group = `serialise/${role}`;
  const cases = KINDS.flatMap((kind) =>
    SIZES.map((size) => ({
      id: `${group}/${kind}/${size}`,
      direction: "serialise",
      role,
      kind,
      size,
    })),
  );
  const ours = [
    own("wsproto"),
    own("sendParts", { way: "parts" }),
    own("sendInto", { way: "into" }),
    own("sendDataInto", { way: "dataInto" }),
  ];
  const columns = [...ours, ws, ...(role === "client" ? [wsPlain, undici] : []), driver, limit];
  const masked = role === "client" ? "masked" : "unmasked";
  return { id: group, title: `Serialise, ${role} (${masked} output)`, cases, columns };
}

/** All groups, in the order in which they are measured. */
export function plan() {
  const roles = ["server", "client"];
  return [
    ...roles.flatMap((role) => Object.keys(SHAPES).map((shape) => parseGroup(role, shape))),
    ...roles.map((role) => serialiseGroup(role)),
  ];
}

/** The cells of `--quick`: a few, small and large. */
export const QUICK =
  /^(parse\/server\/one|serialise\/client)\/\w+\/(16|65536)$|^parse\/server\/packed\/\w+\/16$/;
