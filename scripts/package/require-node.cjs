const exchange = require("./exchange-node.cjs");

void exchange(require("wsproto/node"));
