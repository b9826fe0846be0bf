import * as wsproto from "wsproto";
import exchange from "./exchange.cjs";

exchange(wsproto);
