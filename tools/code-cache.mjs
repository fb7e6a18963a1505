// `node code-cache.mjs BUNDLE ARG...`: runs a bundle and keeps beside it what V8 has compiled by the end, with what was there before.
import { writeFileSync } from 'node:fs';
import { codeCachePath, compileBundle, runBundle } from '../packages/cli/bin/bundle.js';

const [bundlePath] = process.argv.splice(2, 1);
const script = compileBundle(bundlePath);
process.on('exit', () => writeFileSync(codeCachePath(bundlePath), script.createCachedData()));
runBundle(script);
