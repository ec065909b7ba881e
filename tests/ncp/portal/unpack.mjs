// Unpacks the packed Chromium into the temporary folder of this process.
//
//   node unpack.mjs FOLDER_WITH_NODE_MODULES
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const packed = await import(pathToFileURL(
  resolve(process.argv[2], "node_modules/@sparticuz/chromium/build/esm/index.js")));
console.log(await packed.default.executablePath());
