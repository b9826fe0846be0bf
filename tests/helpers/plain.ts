import { platformName } from "#platform";

/** Whether the tests run with the switch that leaves aside what is only there for speed (`npm run test:plain`). */
export const isPlain: boolean = platformName === "node" && process.env["WSPROTO_PLAIN"] === "1";
