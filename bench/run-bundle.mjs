// `node run-bundle.mjs BUNDLE ARG...`: runs a bundle the way `sonde` runs its own.
import { compileBundle, runBundle } from '../packages/cli/bin/bundle.js';

const [bundlePath] = process.argv.splice(2, 1);
runBundle(compileBundle(bundlePath));
