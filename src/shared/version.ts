import { version as packageVersion } from '../../package.json'
import { embedCommit } from './embed-commit.ts' with { type: 'macro' }

export const version: string = packageVersion

/** Git hash, or null for a build from an unpacked archive. */
export const commit: string | null = embedCommit()
