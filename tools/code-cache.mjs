// Runs the bundle with the given arguments and keeps what V8 has compiled by then. Called by tools/build.mjs.
import { writeFileSync } from 'node:fs';
import { codeCachePath, compileBundle, runBundle } from '../packages/cli/bin/bundle.js';

const script = compileBundle();
process.on('exit', () => writeFileSync(codeCachePath, script.createCachedData()));
runBundle(script);
