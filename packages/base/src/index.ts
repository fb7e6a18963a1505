export { assert, assertNever } from './assert.ts';
export {
  DecodeError,
  formatError,
  formatPlace,
  MetadataError,
  type Place,
  SondeError,
  UsageError,
} from './errors.ts';
export { compileStarGlob, type StarGlob } from './star-glob.ts';
