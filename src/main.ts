import type * as Program from './cli/program.ts'
import { entryPoint } from './shared/entry-point.ts'

/** How `adapters/documents` starts the process that reads one document. */
const isDocumentReader = process.argv[2] === 'read-document'

// Two bundles: a document's process is there in a few milliseconds, since it loads nothing of the server.
if (isDocumentReader) await import(entryPoint('adapters/documents/process'))
else {
  const { runProgram } = (await import(entryPoint('cli/program'))) as typeof Program
  const exitCode = await runProgram(process.argv)
  if (exitCode !== undefined) process.exit(exitCode)
}
