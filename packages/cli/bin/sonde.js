#!/usr/bin/env node
// The bundle is made by `npm run build`, which npm runs after `npm ci`.
import * as nodeModule from 'node:module';

// Node 22 and later keep compiled code between runs.
nodeModule.enableCompileCache?.();
await import('../dist/main.js');
