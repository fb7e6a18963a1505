// `node run-bundle.cjs BUNDLE ARG...`: runs a bundle the way `sonde` runs its own, CommonJS from the start like it.
'use strict';
const { compileBundle, runBundle } = require('../packages/cli/bin/bundle.js');

const [bundlePath] = process.argv.splice(2, 1);
runBundle(compileBundle(bundlePath));
