import { t } from 'elysia'
import { IntegerInput, Nullable, QueryFlag } from '../../http/wire-types.ts'

export const ReadQuery = t.Object({
  include_chunks: QueryFlag('Adds `chunks`, the text in segments. No is the default'),
  max_chars: t.Optional(IntegerInput({ minimum: 1, maximum: 500_000, description: 'Cuts the text to so many' })),
  preserve_layout: QueryFlag('PDF: keeps lines and columns as they are on the page. No is the default'),
  strip_boilerplate: QueryFlag('HTML, e-mail: leaves out navigation, headers, footers, asides. Yes is the default'),
})
export type ReadQuery = typeof ReadQuery.static

const Characters = t.Integer({ description: 'Unicode code points' })

const Chunk = t.Object({ index: t.Integer({ description: 'From 1' }), text: t.String(), char_count: Characters })

const document = {
  filename: t.String(),
  file_type: t.String({ description: 'One of `canonical_types`' }),
  content_type: t.String({ description: 'What the content is; where it does not tell, what the sender says' }),
  file_size: t.Integer({ description: 'Bytes' }),
  extracted_text: t.String(),
  text_length: Characters,
  processing_success: t.Literal(true),
  detected_type: t.String({ description: 'As `file_type`, but `doc`, `xls` and `ods` by their own names' }),
  metadata: t.Optional(
    t.Record(t.String(), t.Union([t.String(), t.Number(), t.Array(t.String())]), {
      description: 'What there is to count or to name in this format, e.g. `pages`, `sheets`, `title`, `encoding`',
    }),
  ),
  warnings: t.Optional(t.Array(t.String())),
  chunks: t.Optional(t.Array(Chunk)),
  chunk_metadata: t.Optional(t.Object({ truncated: t.Boolean(), total_chars: Characters, segment_count: t.Integer() })),
}

export const DocumentAnswer = t.Object(document)
export type DocumentAnswer = typeof DocumentAnswer.static

const FailedDocument = t.Object({
  filename: t.String(),
  error: t.String(),
  processing_success: t.Literal(false),
})
export type FailedDocument = typeof FailedDocument.static

export const BatchAnswer = t.Object({
  results: t.Array(t.Union([DocumentAnswer, FailedDocument]), { description: 'In the order of the files' }),
  total_files: t.Integer(),
  successful_files: t.Integer(),
  failed_files: t.Integer(),
})
export type BatchAnswer = typeof BatchAnswer.static

export const ContextAnswer = t.Object({
  filename: t.String(),
  file_type: t.String(),
  content_type: Nullable(t.String({ description: 'As the sender says' })),
  file_size: t.Integer({ description: 'Bytes' }),
  total_input_chars: Characters,
  segments: t.Array(Chunk),
  segment_count: t.Integer(),
  truncated: t.Boolean({ description: 'Whether text was left out' }),
  max_total_chars: t.Integer(),
  max_segments: t.Integer(),
  max_chars_per_segment: t.Integer(),
  overlap_chars: t.Integer(),
  processing_success: t.Literal(true),
  truncation_notice: t.Optional(t.String()),
  warnings: t.Optional(t.Array(t.String())),
})
export type ContextAnswer = typeof ContextAnswer.static

export const SupportedTypes = t.Object({
  supported_types: t.Record(t.String(), t.String(), { description: 'By media type' }),
  extensions: t.Array(t.String(), { description: 'Without a dot' }),
  canonical_types: t.Array(t.String()),
  max_file_size_mb: t.Number(),
  max_files_per_request: t.Integer(),
})
