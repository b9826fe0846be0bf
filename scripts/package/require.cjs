const exchange = require("./exchange.cjs");

exchange(require("wsproto"));
