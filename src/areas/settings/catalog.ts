import { type SettingDefinitionRow, settingScopes } from './settings.table.ts'

type BuiltInDefinition = Omit<SettingDefinitionRow, 'broughtBy' | 'createdAt' | 'updatedAt'>

const shared = { type: 'object', validation: null, isMultiple: false } as const
const everyScope = [...settingScopes]

/** What opens after signing in, for who has no start page. */
export const dashboard = 'Dashboard'

/** `defaultPage`: the id of a page, or `dashboard` (workspace.md 8). */
export const toGeneralSettings = (defaultPage: string) => ({
  settings: [
    {
      Setting_Name: 'default_page',
      Setting_Data: defaultPage,
      Setting_Help: 'The page that opens after signing in.',
    },
  ],
})

/** Definitions that every installation has, and whose default every new account gets as its own instance (auth.md 6.2). */
export const builtInDefinitions: BuiltInDefinition[] = [
  {
    ...shared,
    id: 'theme_settings',
    name: 'Theme Settings',
    description: 'Light or dark appearance',
    category: 'auto_generated',
    allowedScopes: everyScope,
    tags: ['auto_generated'],
    defaultValue: { theme: 'dark', useSystemTheme: false },
  },
  {
    ...shared,
    id: 'powered_by_settings',
    name: 'Powered By',
    description: 'Credit shown in the sidebar',
    category: 'ui',
    allowedScopes: ['system', 'user'],
    tags: ['auto_generated', 'ui'],
    defaultValue: { text: 'Powered by BrainDrive', link: 'https://community.braindrive.ai' },
  },
  {
    ...shared,
    id: 'white_label_settings',
    name: 'White Label',
    description: 'Product name and help links',
    category: 'branding',
    allowedScopes: ['system', 'user'],
    tags: ['auto_generated', 'ui', 'branding'],
    defaultValue: {
      PRIMARY: { label: 'BrainDrive', url: 'https://tinyurl.com/4dx47m7p' },
      OWNERS_MANUAL: { label: "BrainDrive Owner's Manual", url: 'https://tinyurl.com/vd99cuex' },
      COMMUNITY: { label: 'BrainDrive Community', url: 'https://tinyurl.com/yc2u5v2a' },
      SUPPORT: { label: 'BrainDrive Support', url: 'https://tinyurl.com/4h4rtx2m' },
      DOCUMENTATION: { label: 'BrainDrive Docs', url: 'https://tinyurl.com/ewajc7k3' },
    },
  },
  {
    ...shared,
    id: 'branding_logo_settings',
    name: 'Branding Logo Settings',
    description: 'Logos for the light and the dark theme',
    category: 'ui',
    allowedScopes: ['system', 'user'],
    tags: ['auto_generated', 'ui'],
    defaultValue: {
      light: '/braindrive/braindrive-light.svg',
      dark: '/braindrive/braindrive-dark.svg',
      alt: 'BrainDrive',
    },
  },
  {
    ...shared,
    id: 'copyright_settings',
    name: 'Copyright',
    description: 'Note at the foot of the page',
    category: 'ui',
    allowedScopes: ['system', 'user'],
    tags: ['auto_generated', 'ui'],
    defaultValue: { text: 'AI answers can be wrong: check what matters.' },
  },
  {
    ...shared,
    id: 'ollama_servers_settings',
    name: 'Ollama Servers Settings',
    description: 'Ollama servers of this user',
    category: 'auto_generated',
    allowedScopes: everyScope,
    tags: ['auto_generated'],
    defaultValue: {
      servers: [
        {
          id: 'server_1742054635336_5puc3mrll',
          serverName: 'New Server',
          serverAddress: 'http://localhost:11434',
          apiKey: '',
          connectionStatus: 'idle',
        },
      ],
    },
  },
  {
    ...shared,
    id: 'general_settings',
    name: 'General Settings',
    description: 'Start page and the like',
    category: 'auto_generated',
    allowedScopes: everyScope,
    tags: ['auto_generated'],
    defaultValue: toGeneralSettings(dashboard),
  },
]
