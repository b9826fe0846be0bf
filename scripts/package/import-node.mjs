import * as entry from "wsproto/node";
import exchange from "./exchange-node.cjs";

await exchange(entry);
