import { createDeflater, createInflater } from "#platform";
import { codecSuite } from "./codec-suite.ts";

codecSuite({ createDeflater, createInflater });
