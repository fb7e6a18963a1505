#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compileBundle, runBundle } from './bundle.js';

// `npm run build` makes it; npm runs that after `npm ci`.
const path = fileURLToPath(new URL('../dist/main.cjs', import.meta.url));
if (!existsSync(path)) {
  console.error('sonde: not built yet: npm run build');
  process.exit(1);
}
runBundle(compileBundle(path));
