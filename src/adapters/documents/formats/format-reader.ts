import type { DocumentMetadata, ReadOptions } from '../types.ts'

export interface FormatInput extends ReadOptions {
  bytes: Buffer
  /** As its sender calls it; may be empty. */
  name: string
}

export interface FormatOutput {
  text: string
  metadata: DocumentMetadata
  warnings?: string[]
}

/** Reads one format. Throws an error whose message completes "Unable to parse …: ". */
export type FormatReader = (input: FormatInput) => Promise<FormatOutput>
