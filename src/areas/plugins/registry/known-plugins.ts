import type { RegistryEntry } from './plugin-registry.schema.ts'

const official = { author: 'BrainDrive', official: true }

/** The registry for who names no other one: the plugins of the BrainDrive project itself. */
export const knownPlugins: RegistryEntry[] = [
  {
    ...official,
    slug: 'BrainDriveChat',
    name: 'BrainDriveChat',
    repo_url: 'https://github.com/BrainDriveAI/BrainDrive-Chat-Plugin',
    description: 'Talk to a model of your choice: streamed replies, personas and the history of your conversations.',
    category: 'ai',
    icon: 'MessageSquare',
  },
  {
    ...official,
    slug: 'BrainDriveSettings',
    name: 'BrainDrive Settings',
    repo_url: 'https://github.com/BrainDriveAI/BrainDrive-Settings-Plugin',
    description: 'Settings for the workspace itself, such as its theme and the page that opens first.',
    category: 'Utilities',
    icon: 'Dashboard',
  },
  {
    ...official,
    slug: 'BrainDriveOllama',
    name: 'BrainDrive Ollama',
    repo_url: 'https://github.com/BrainDriveAI/BrainDrive-Ollama-Plugin',
    description: 'Connects the workspace to Ollama servers and manages the models on them.',
    category: 'LLM Servers',
    icon: 'SmartToy',
  },
  {
    ...official,
    slug: 'BrainDriveOpenRouter',
    name: 'BrainDrive OpenRouter',
    repo_url: 'https://github.com/BrainDriveAI/BrainDrive-Openrouter-Plugin',
    description: 'Keeps your OpenRouter key, which opens the models of many providers.',
    category: 'LLM Servers',
    icon: 'Key',
  },
  {
    ...official,
    slug: 'BrainDriveChatWithDocs',
    name: 'BrainDrive Chat With Docs',
    repo_url: 'https://github.com/BrainDriveAI/BrainDrive-Chat-With-Docs-Plugin',
    description:
      'Ask questions about documents of your own. Its two services are run by yourself, outside of this server.',
    official: false,
    category: 'ai',
    icon: 'MessageSquare',
  },
  {
    slug: 'BrainDriveLibraryPlugin',
    name: 'BrainDrive Library Plugin',
    repo_url: 'https://github.com/DJJones66/BrainDrive-Library-Plugin',
    description:
      'Capture and edit notes and projects in a library. What it would run on the server is not available here.',
    author: 'DJJones66',
    official: true,
    category: 'productivity',
    icon: 'FolderOpen',
  },
  {
    ...official,
    slug: 'PluginTemplate',
    name: 'Plugin Template',
    repo_url: 'https://github.com/BrainDriveAI/BrainDrive-PluginTemplate',
    description: 'A small example that shows developers every service that a plugin can use.',
    official: false,
    category: 'template',
    icon: 'Puzzle',
  },
]
