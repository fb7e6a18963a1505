#!/usr/bin/env node
'use strict';
const { existsSync } = require('node:fs');
const { join } = require('node:path');
const { chooseBundle } = require('./choose-bundle.js');
const { compileBundle, runBundle } = require('./bundle.js');

// `npm run build` makes it; npm runs that after `npm ci`.
const path = join(__dirname, `../dist/${chooseBundle(process.argv[1], process.argv[2])}.cjs`);
if (!existsSync(path)) {
  console.error('sonde: not built yet: npm run build');
  process.exit(1);
}
runBundle(compileBundle(path));
