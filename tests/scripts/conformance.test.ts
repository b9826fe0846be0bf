import { expect, test } from "vitest";
import { assess, idsIn, render } from "../../scripts/conformance.mjs";

// None of these ids may stand in a title here: it would count as a proof.
const known: ReadonlySet<string> = new Set([
  "R6455-5.2-01",
  "R6455-5.5.1-03",
  "CVE-2020-13935",
  "ws-a2f4e7c0",
  "D8",
  "F8",
  "F82",
  "W-03",
]);

test.each<[name: string, ids: string[]]>([
  ["R6455-5.2-01: reserved bits", ["R6455-5.2-01"]],
  ["R6455-5.2-01, D8 and F82: reserved bits", ["R6455-5.2-01", "D8", "F82"]],
  ["reserved bits R6455-5.2-01 F82", ["R6455-5.2-01", "F82"]],
  ["reserved bits, R6455-5.2-01.", ["R6455-5.2-01"]],
  ["reserved bits (D8, F82)", ["D8", "F82"]],
  ["a rule (D8) in the middle", ["D8"]],
  ["D8, wsproto F82, ws (a2f4e7c0): other words between", ["D8", "F82"]],
  ["D8/F82: both", ["D8", "F82"]],
  ["in the middle CVE-2020-13935 of a sentence", ["CVE-2020-13935"]],
  ["ws-a2f4e7c0: empty fragments count", ["ws-a2f4e7c0"]],
  ["decoder (F82) > R6455-5.2-01: row 1", ["F82", "R6455-5.2-01"]],
  ["W-03: url", ["W-03"]],
  ["an id that is not known: R6455-9.9-01", ["R6455-9.9-01"]],
  ["D99: unknown as well", ["D99"]],
  ["D8-D12: a range", ["D8-D12"]],
])("the ids of a title, row %#", (name, ids) => {
  expect(new Set(idsIn(name, known))).toEqual(new Set(ids));
});

test.each([
  "the octets F8 80 80 80 are no UTF-8",
  "octets: F8 88 80 80 80",
  "octets F8 and D8 in a row of others, which are no rules",
  "invalid (F8 80)",
  "F8 80: invalid",
  "RFC 6455, section 5.2: reserved bits",
  "F-len-msb: a vector",
])("a title without ids, row %#", (name) => {
  expect(idsIn(name, known)).toEqual([]);
});

const groups = [
  {
    title: "Rules",
    rules: [
      { id: "R6455-5.2-01", layers: ["engine"], rule: "first" },
      { id: "D8", also: ["B1"], layers: ["engine", "http2"], rule: "second" },
      { id: "W-03", layers: ["whatwg"], rule: "third" },
    ],
  },
];
const first = { file: "tests/b.test.ts", name: "first R6455-5.2-01" };
const second = { file: "tests/a.test.ts", name: "B1: a|b\n" };
const adapter = { file: "tests/adapters/a.test.ts", name: "D8: the same over sockets" };

test("a rule of the engine needs a test of the engine; rules of other layers may wait", () => {
  expect(assess(groups, [first, second]).faults).toEqual([]);
  expect(assess(groups, [adapter]).faults).toEqual([
    "no test for R6455-5.2-01: first",
    "no test for D8: second",
  ]);
});

test("a rule of several layers needs a test in each that is there", () => {
  const rule = { id: "W-03", layers: ["engine", "session", "node", "http2"], rule: "everywhere" };
  const testIn = (folder: string): { file: string; name: string } => {
    return { file: `tests/${folder}/a.test.ts`, name: "W-03: kept" };
  };
  const faultsOf = (...folders: string[]): string[] =>
    assess([{ title: "Rules", rules: [rule] }], folders.map(testIn)).faults;
  expect(faultsOf("frames", "session", "adapters/node")).toEqual([]);
  expect(faultsOf("frames")).toEqual([
    "no test for W-03 in session: everywhere",
    "no test for W-03 in node: everywhere",
  ]);
});

test("a rule of the resources needs a probe, and no test will do instead", () => {
  const rule = { id: "W-03", layers: ["resources"], rule: "bounded" };
  const of = (file: string): string[] =>
    assess([{ title: "Rules", rules: [rule] }], [{ file, name: "W-03: bounded" }]).faults;
  expect(of("resources/run.mjs")).toEqual([]);
  expect(of("tests/adapters/a.test.ts")).toEqual(["no test for W-03 in resources: bounded"]);
});

test("a title that names an id of no rule is a fault", () => {
  const stray = { file: "tests/c.test.ts", name: "CVE-2020-1: stray" };
  expect(assess(groups, [first, second, stray]).faults).toEqual([
    "no rule CVE-2020-1: tests/c.test.ts > CVE-2020-1: stray",
  ]);
});

test("two rules with one id are a fault", () => {
  const rule = { id: "B1", layers: ["whatwg"], rule: "again" };
  const { faults } = assess([...groups, { title: "More", rules: [rule] }], [first, second]);
  expect(faults).toContain("docs/rules.json has B1 twice");
});

test("the document shows what proves a rule and what is still to come", () => {
  const many = Array.from({ length: 5 }, (_, index) => ({
    ...first,
    name: `a block > R6455-5.2-01: row ${index}`,
  }));
  const tests = [first, second, ...many];
  const lines = render(groups, assess(groups, tests).proofs).split("\n");
  expect(lines).toContain(
    "| R6455-5.2-01 | first | `tests/b.test.ts`: first R6455-5.2-01; R6455-5.2-01: row 0; and 4 more |",
  );
  expect(lines).toContain(
    "| D8<br>B1 | second | `tests/a.test.ts`: B1: a\\|b\\\\u{a}<br>not yet: http2 |",
  );
  expect(lines).toContain("| W-03 | third | not yet: whatwg |");
});
