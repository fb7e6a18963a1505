// Which of the bundles that the build makes a call of `sonde` needs.
'use strict';
const { existsSync } = require('node:fs');
const { basename } = require('node:path');

/** All that `reading.cjs` knows, with their aliases. */
const readingCommands = ['read', 'convert', 'info', 'run', 'list-plugins'];

/**
 * `reading` for these commands, and where options or a path stand in place of a command: read it. `main` knows every command, and does
 * the same with a path that could be one. Links under the names of the LTTng analyses (`lttng-cputop`) mean commands.
 */
function chooseBundle(program, first) {
  if (basename(program).startsWith('lttng-') || first === undefined) return 'main';
  if (readingCommands.includes(first)) return 'reading';
  if (first.startsWith('-')) return first === '-h' || first === '--help' ? 'main' : 'reading';
  return first.includes('/') && existsSync(first) ? 'reading' : 'main';
}

module.exports = { chooseBundle, readingCommands };
