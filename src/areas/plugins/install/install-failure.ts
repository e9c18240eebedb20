import { AppError } from '../../../shared/app-error.ts'
import { redactAddress } from '../../../shared/redact.ts'
import type { InstallSource, InstallStep } from './install-types.ts'

const tryAgain = 'Try again in a few minutes.'
const askAuthor = 'Ask the author of the plugin for a corrected release.'

interface StepTexts {
  /** In front of the reason. */
  message: string
  suggestions: string[]
}

/** plugins.md B2.4. The suggestions are ours: the web client lists them below the message. */
const texts: Record<InstallStep, StepTexts> = {
  url_parsing: {
    message: 'Invalid repository URL format: ',
    suggestions: [
      'Use an address such as https://github.com/owner/repository.',
      'Copy it from the address bar of the repository page.',
      'It must begin with https:// and must not have a password in it.',
    ],
  },
  release_lookup: {
    message: 'No release found for version: ',
    suggestions: [
      'Check that the repository exists and is public.',
      'Choose a version that is listed under its releases or tags, or "latest".',
      tryAgain,
    ],
  },
  download_and_extract: {
    message: 'Download failed: ',
    suggestions: [
      'Check that the server can reach the internet.',
      tryAgain,
      'Download the release yourself and install it as a local file.',
    ],
  },
  file_extraction: {
    message: 'Extraction failed: ',
    suggestions: [
      'Use an archive of the type .zip, .tar.gz or .tgz.',
      'Check that it opens on your computer, and upload it again.',
      'Leave out node_modules, links and other special files when you pack it.',
    ],
  },
  plugin_validation: {
    message: 'Plugin validation failed: ',
    suggestions: [
      'Install a release that was built: the source code alone has no bundle.',
      'Check that the package has a lifecycle_manager.py or a braindrive.plugin.json.',
      askAuthor,
    ],
  },
  lifecycle_manager_install: {
    message: 'Plugin installation failed: ',
    suggestions: [
      'Look in the plugin manager whether the plugin is installed already.',
      'Use its update instead, or uninstall it first.',
      askAuthor,
    ],
  },
  setup_and_copy: {
    message: 'Plugin installation setup failed: ',
    suggestions: [
      'Check that the disk of the server has free space.',
      'Check that the server may write to its data folder.',
      tryAgain,
    ],
  },
}

const maxShownLength = 500

const shorten = (text: string) => (text.length > maxShownLength ? `${text.slice(0, maxShownLength)}…` : text)

const describeSource = (source: InstallSource) =>
  source.kind === 'upload'
    ? { filename: shorten(source.filename) }
    : { repo_url: shorten(redactAddress(source.url)), version: shorten(source.version) }

/** Makes the error for a step that failed. `extra` is added to `details`; `cause` tells whether another attempt may help. */
export type Fail = (step: InstallStep, reason: string, extra?: Record<string, string>, cause?: unknown) => AppError

/** Failures of an installation, with the object that plugins.md B2.4 wants as `detail`. Status 400. */
export const failuresOf =
  (source: InstallSource): Fail =>
  (step, reason, extra = {}, cause) => {
    const { message: prefix, suggestions } = texts[step]
    const message = prefix + shorten(reason)
    const details = { step, error: shorten(reason), ...describeSource(source), ...extra }
    return new AppError(
      { status: 400, code: `plugins.${step}_failed`, message },
      { detail: { message, details, suggestions }, cause },
    )
  }

/** The same failure where the contract wants a plain text (plugins.md A2, update). */
export const withoutDetails = (error: unknown): unknown =>
  error instanceof AppError && error.detail
    ? new AppError({ status: error.status, code: error.code, message: error.message }, { cause: error })
    : error
