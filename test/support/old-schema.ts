/**
 * The tables of the BrainDrive backend as its migrations make them (auth.md 14.1, workspace.md 12.1, plugins.md B9, ai.md 13,
 * work.md 7). Types, defaults, keys and indexes are theirs; foreign keys are declared, and never enforced.
 */
export const oldSchema = `
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY);
INSERT INTO alembic_version VALUES ('2cb3f0bb9d9d');

CREATE TABLE users (
  id VARCHAR(32) NOT NULL PRIMARY KEY, username VARCHAR(50) NOT NULL UNIQUE, email VARCHAR(100) NOT NULL UNIQUE,
  hashed_password TEXT NOT NULL, full_name VARCHAR(100), profile_picture TEXT, is_active BOOLEAN DEFAULT 1,
  is_verified BOOLEAN DEFAULT 0, refresh_token TEXT, refresh_token_expires TEXT,
  created_at DATETIME DEFAULT CURRENT_TIMESTAMP, updated_at DATETIME, version VARCHAR(20) DEFAULT '0.0.0');
CREATE TABLE user_roles (
  id VARCHAR(32) NOT NULL PRIMARY KEY, role_name VARCHAR(50) NOT NULL UNIQUE, description VARCHAR, is_global BOOLEAN);
CREATE TABLE tenants (
  id VARCHAR(32) NOT NULL PRIMARY KEY, name VARCHAR(100) NOT NULL UNIQUE, description TEXT, sso_domain VARCHAR(100) UNIQUE,
  created_at DATETIME, updated_at DATETIME);
CREATE TABLE tenant_users (
  id VARCHAR(32) NOT NULL PRIMARY KEY, tenant_id VARCHAR(32) REFERENCES tenants (id) ON DELETE CASCADE,
  user_id VARCHAR(32) REFERENCES users (id) ON DELETE CASCADE, role_id VARCHAR(32) REFERENCES user_roles (id) ON DELETE CASCADE,
  is_owner BOOLEAN, UNIQUE (tenant_id, user_id));
CREATE TABLE role_permissions (
  id VARCHAR(32) NOT NULL PRIMARY KEY, role_id VARCHAR(32) REFERENCES user_roles (id), permission_name VARCHAR(100) NOT NULL,
  UNIQUE (role_id, permission_name));
CREATE TABLE sessions (
  id VARCHAR(32) NOT NULL PRIMARY KEY, user_id VARCHAR(32) REFERENCES users (id), session_token VARCHAR NOT NULL UNIQUE,
  active_tenant_id VARCHAR(32) REFERENCES tenants (id), expires_at DATETIME NOT NULL, created_at DATETIME, updated_at DATETIME);
CREATE TABLE oauth_accounts (
  id VARCHAR(32) NOT NULL PRIMARY KEY, user_id VARCHAR(32) REFERENCES users (id), provider VARCHAR(50) NOT NULL,
  provider_user_id VARCHAR NOT NULL UNIQUE, created_at DATETIME, updated_at DATETIME);
CREATE TABLE role (
  id VARCHAR(32) NOT NULL PRIMARY KEY, role_name VARCHAR(50) NOT NULL UNIQUE, is_global BOOLEAN, description VARCHAR(200));
CREATE TABLE audit_logs (
  id VARCHAR(36) NOT NULL PRIMARY KEY, event_type VARCHAR(100) NOT NULL, actor_type VARCHAR(20) NOT NULL,
  actor_id VARCHAR(100), request_id VARCHAR(64), ip VARCHAR(45), user_agent VARCHAR(500), method VARCHAR(10),
  path VARCHAR(500), resource_type VARCHAR(50), resource_id VARCHAR(100), status VARCHAR(20) NOT NULL, reason TEXT,
  extra_data JSON, timestamp DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
  created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP, updated_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP);
CREATE INDEX idx_audit_event_type ON audit_logs (event_type);

CREATE TABLE settings_definitions (
  id VARCHAR(32) NOT NULL PRIMARY KEY, name VARCHAR NOT NULL, description VARCHAR, category VARCHAR NOT NULL,
  type VARCHAR NOT NULL, default_value TEXT, allowed_scopes TEXT NOT NULL, validation TEXT, is_multiple BOOLEAN DEFAULT 0,
  tags TEXT, created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, updated_at TIMESTAMP);
CREATE TABLE settings_instances (
  id VARCHAR(32) NOT NULL PRIMARY KEY, definition_id VARCHAR(32) NOT NULL, name VARCHAR NOT NULL, value TEXT,
  scope VARCHAR NOT NULL, user_id VARCHAR(32), page_id VARCHAR(32),
  created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, updated_at TIMESTAMP);
CREATE INDEX ix_settings_instances_definition_id ON settings_instances (definition_id);
CREATE INDEX ix_settings_instances_user_id ON settings_instances (user_id);
CREATE INDEX ix_settings_instances_page_id ON settings_instances (page_id);
CREATE TABLE components (
  id VARCHAR(32) NOT NULL PRIMARY KEY, name VARCHAR(100) NOT NULL, component_id VARCHAR(100) NOT NULL, description TEXT,
  icon VARCHAR(50), is_system BOOLEAN DEFAULT 0, user_id VARCHAR(32) NOT NULL REFERENCES users (id),
  created_at DATETIME DEFAULT CURRENT_TIMESTAMP, updated_at DATETIME, UNIQUE (component_id, user_id));
CREATE TABLE navigation_routes (
  id VARCHAR(32) NOT NULL PRIMARY KEY, name VARCHAR(100) NOT NULL, route VARCHAR(255) NOT NULL, icon VARCHAR(50),
  description TEXT, "order" INTEGER DEFAULT 0, is_visible BOOLEAN DEFAULT 1, is_system_route BOOLEAN DEFAULT 0,
  default_component_id VARCHAR(100), default_page_id VARCHAR(32) REFERENCES pages (id) ON DELETE SET NULL,
  can_change_default BOOLEAN DEFAULT 0, creator_id VARCHAR(32) NOT NULL REFERENCES users (id),
  created_at DATETIME DEFAULT CURRENT_TIMESTAMP, updated_at DATETIME DEFAULT CURRENT_TIMESTAMP,
  parent_id VARCHAR(32) REFERENCES navigation_routes (id) ON DELETE CASCADE, display_order INTEGER NOT NULL DEFAULT 0,
  is_collapsible BOOLEAN NOT NULL DEFAULT 1, is_expanded BOOLEAN NOT NULL DEFAULT 1, UNIQUE (route, creator_id));
CREATE INDEX idx_navigation_routes_parent_order ON navigation_routes (parent_id, display_order);
CREATE TABLE pages (
  id VARCHAR NOT NULL PRIMARY KEY, name VARCHAR(100) NOT NULL, route VARCHAR(255) NOT NULL, parent_route VARCHAR(255),
  content JSON NOT NULL, content_backup JSON, backup_date DATETIME, creator_id VARCHAR NOT NULL REFERENCES users (id),
  navigation_route_id VARCHAR REFERENCES navigation_routes (id), is_published BOOLEAN, publish_date DATETIME,
  description TEXT, icon VARCHAR(50), created_at DATETIME DEFAULT CURRENT_TIMESTAMP,
  updated_at DATETIME DEFAULT CURRENT_TIMESTAMP, parent_type VARCHAR(50), is_parent_page BOOLEAN, UNIQUE (route, creator_id));

CREATE TABLE plugin (
  id VARCHAR(32) NOT NULL PRIMARY KEY, plugin_slug VARCHAR NOT NULL, name VARCHAR NOT NULL, description VARCHAR NOT NULL,
  version VARCHAR NOT NULL, type VARCHAR DEFAULT 'frontend', enabled BOOLEAN DEFAULT 1, icon VARCHAR, category VARCHAR,
  status VARCHAR DEFAULT 'activated', official BOOLEAN DEFAULT 0, author VARCHAR, last_updated VARCHAR,
  compatibility VARCHAR, downloads INTEGER DEFAULT 0, scope VARCHAR, bundle_method VARCHAR, bundle_location VARCHAR,
  is_local BOOLEAN DEFAULT 0, long_description TEXT, config_fields TEXT, messages TEXT, dependencies TEXT,
  created_at VARCHAR, updated_at VARCHAR, user_id VARCHAR(32) NOT NULL REFERENCES users (id), source_type VARCHAR(50),
  source_url TEXT, update_check_url TEXT, last_update_check TIMESTAMP, update_available BOOLEAN, latest_version VARCHAR(50),
  installation_type VARCHAR(20) DEFAULT 'local', permissions TEXT, required_services_runtime TEXT, plugin_type VARCHAR,
  endpoints_file VARCHAR, route_prefix VARCHAR, backend_dependencies TEXT, UNIQUE (user_id, plugin_slug));
CREATE TABLE module (
  id VARCHAR(32) NOT NULL, plugin_id VARCHAR(32) NOT NULL REFERENCES plugin (id) ON DELETE CASCADE, name VARCHAR NOT NULL,
  display_name VARCHAR, description VARCHAR, icon VARCHAR, category VARCHAR, enabled BOOLEAN, priority INTEGER, props TEXT,
  config_fields TEXT, messages TEXT, required_services TEXT, dependencies TEXT, layout TEXT, tags TEXT,
  created_at VARCHAR, updated_at VARCHAR, user_id VARCHAR(32) NOT NULL, PRIMARY KEY (id, plugin_id));
CREATE TABLE plugin_service_runtime (
  id VARCHAR NOT NULL PRIMARY KEY, plugin_id VARCHAR NOT NULL, plugin_slug VARCHAR NOT NULL, name VARCHAR NOT NULL,
  source_url VARCHAR, type VARCHAR, install_command TEXT, start_command TEXT, stop_command TEXT, restart_command TEXT,
  healthcheck_url VARCHAR, definition_id VARCHAR, required_env_vars TEXT, runtime_dir_key VARCHAR, env_inherit VARCHAR,
  env_overrides TEXT, status VARCHAR DEFAULT 'pending', created_at DATETIME, updated_at DATETIME, user_id VARCHAR(32) NOT NULL);
CREATE TABLE plugin_states (
  id VARCHAR(36) NOT NULL PRIMARY KEY, user_id VARCHAR(36) NOT NULL, plugin_id VARCHAR(255) NOT NULL, page_id VARCHAR(255),
  state_key VARCHAR(255), state_data TEXT NOT NULL, state_schema_version VARCHAR(50), state_strategy VARCHAR(50),
  compression_type VARCHAR(20), state_size INTEGER, last_accessed TIMESTAMP, access_count INTEGER, ttl_expires_at TIMESTAMP,
  is_active BOOLEAN, version INTEGER, device_id VARCHAR(255), sync_status VARCHAR(50), created_at DATETIME, updated_at DATETIME);
CREATE TABLE plugin_state_history (
  id VARCHAR(36) NOT NULL PRIMARY KEY, plugin_state_id VARCHAR(36) NOT NULL, state_data TEXT NOT NULL,
  version INTEGER NOT NULL, change_type VARCHAR(50) NOT NULL, device_id VARCHAR(255), user_agent TEXT,
  ip_address VARCHAR(45), created_at DATETIME, updated_at DATETIME);
CREATE TABLE plugin_state_configs (
  id VARCHAR(36) NOT NULL PRIMARY KEY, plugin_id VARCHAR(255) NOT NULL UNIQUE, config_data TEXT NOT NULL,
  config_version VARCHAR(50), is_active BOOLEAN, created_by VARCHAR(36), created_at DATETIME, updated_at DATETIME);

CREATE TABLE conversations (
  id VARCHAR(32) NOT NULL PRIMARY KEY, user_id VARCHAR(32) NOT NULL REFERENCES users (id), title VARCHAR,
  page_context VARCHAR, model VARCHAR, server VARCHAR, created_at DATETIME DEFAULT CURRENT_TIMESTAMP, updated_at DATETIME,
  conversation_type VARCHAR(100), page_id VARCHAR(32), persona_id VARCHAR(32) REFERENCES personas (id) ON DELETE SET NULL);
CREATE TABLE messages (
  id VARCHAR(32) NOT NULL PRIMARY KEY, conversation_id VARCHAR(32) NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
  sender VARCHAR NOT NULL, message TEXT NOT NULL, message_metadata TEXT, created_at DATETIME DEFAULT CURRENT_TIMESTAMP,
  updated_at DATETIME);
CREATE TABLE tags (
  id VARCHAR(32) NOT NULL PRIMARY KEY, user_id VARCHAR(32) NOT NULL REFERENCES users (id), name VARCHAR(50) NOT NULL,
  color VARCHAR(7), created_at DATETIME DEFAULT CURRENT_TIMESTAMP, updated_at DATETIME);
CREATE TABLE conversation_tags (
  conversation_id VARCHAR(32) NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
  tag_id VARCHAR(32) NOT NULL REFERENCES tags (id) ON DELETE CASCADE, created_at DATETIME,
  PRIMARY KEY (conversation_id, tag_id));
CREATE TABLE personas (
  id VARCHAR(32) NOT NULL PRIMARY KEY, name VARCHAR(100) NOT NULL, description TEXT, system_prompt TEXT NOT NULL,
  model_settings TEXT, avatar VARCHAR(255), tags TEXT, sample_greeting TEXT,
  user_id VARCHAR(32) NOT NULL REFERENCES users (id), is_active BOOLEAN DEFAULT 1,
  created_at DATETIME DEFAULT CURRENT_TIMESTAMP, updated_at DATETIME DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE mcp_server_registry (
  id VARCHAR(32) NOT NULL PRIMARY KEY, user_id VARCHAR(32) NOT NULL REFERENCES users (id), plugin_slug VARCHAR,
  runtime_id VARCHAR REFERENCES plugin_service_runtime (id), base_url VARCHAR NOT NULL, tools_url VARCHAR NOT NULL,
  healthcheck_url VARCHAR, tool_call_url_template VARCHAR NOT NULL DEFAULT '/tool:{name}',
  auth_mode VARCHAR NOT NULL DEFAULT 'none', auth_ref VARCHAR, status VARCHAR NOT NULL DEFAULT 'registered',
  last_sync_at DATETIME, last_error TEXT, created_at DATETIME, updated_at DATETIME, UNIQUE (user_id, runtime_id));
CREATE TABLE mcp_tool_registry (
  id VARCHAR(32) NOT NULL PRIMARY KEY, server_id VARCHAR(32) NOT NULL REFERENCES mcp_server_registry (id),
  name VARCHAR NOT NULL, description TEXT, schema_json TEXT NOT NULL, enabled BOOLEAN NOT NULL DEFAULT 1,
  stale BOOLEAN NOT NULL DEFAULT 0, source_hash VARCHAR(64) NOT NULL, version VARCHAR,
  safety_class VARCHAR NOT NULL DEFAULT 'read_only', created_at DATETIME, updated_at DATETIME, UNIQUE (server_id, name));

CREATE TABLE job_type_definitions (
  job_type VARCHAR(50) NOT NULL PRIMARY KEY, name VARCHAR(100) NOT NULL, description TEXT, handler_class VARCHAR(200) NOT NULL,
  default_config JSON, payload_schema JSON, required_permissions JSON, sandbox_profile VARCHAR(50),
  created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP, updated_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE jobs (
  id VARCHAR(36) NOT NULL PRIMARY KEY, job_type VARCHAR(50) NOT NULL REFERENCES job_type_definitions (job_type) ON DELETE RESTRICT,
  status VARCHAR(20) NOT NULL DEFAULT 'queued', priority INTEGER NOT NULL DEFAULT 0, payload JSON NOT NULL, config JSON,
  scheduled_for DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP, started_at DATETIME, completed_at DATETIME,
  progress_percent INTEGER NOT NULL DEFAULT 0, current_stage VARCHAR(100), message TEXT, result JSON, error_message TEXT,
  error_code VARCHAR(50), user_id VARCHAR(32) NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  workspace_id VARCHAR(32) REFERENCES tenants (id) ON DELETE SET NULL, parent_job_id VARCHAR(36) REFERENCES jobs (id) ON DELETE SET NULL,
  idempotency_key VARCHAR(100), retry_count INTEGER NOT NULL DEFAULT 0, max_retries INTEGER NOT NULL DEFAULT 3,
  expires_at DATETIME, created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP, updated_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT uq_jobs_idempotency_user UNIQUE (idempotency_key, user_id));
CREATE INDEX idx_jobs_status_priority ON jobs (status, priority, created_at);
CREATE TABLE job_attempts (
  id VARCHAR(36) NOT NULL PRIMARY KEY, job_id VARCHAR(36) NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
  attempt_number INTEGER NOT NULL, status VARCHAR(20) NOT NULL, started_at DATETIME NOT NULL, completed_at DATETIME,
  worker_id VARCHAR(100), error_message TEXT, error_code VARCHAR(50), created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP, CONSTRAINT uq_job_attempt_number UNIQUE (job_id, attempt_number));
CREATE TABLE job_progress_events (
  id VARCHAR(36) NOT NULL PRIMARY KEY, job_id VARCHAR(36) NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
  event_type VARCHAR(50) NOT NULL, timestamp DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP, data JSON NOT NULL,
  sequence_number INTEGER NOT NULL, CONSTRAINT uq_job_progress_sequence UNIQUE (job_id, sequence_number));
CREATE TABLE job_dependencies (
  id VARCHAR(36) NOT NULL PRIMARY KEY, job_id VARCHAR(36) NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
  depends_on_job_id VARCHAR(36) NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
  dependency_type VARCHAR(20) NOT NULL DEFAULT 'success', created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP, CONSTRAINT uq_job_dependency UNIQUE (job_id, depends_on_job_id));
CREATE TABLE job_subscriptions (
  id VARCHAR(36) NOT NULL PRIMARY KEY, job_id VARCHAR(36) NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
  subscriber_id VARCHAR(100) NOT NULL, subscription_type VARCHAR(20) NOT NULL, expires_at DATETIME,
  created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP, updated_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
  UNIQUE (job_id, subscriber_id, subscription_type));
CREATE TABLE worker_capabilities (
  id VARCHAR(36) NOT NULL PRIMARY KEY, worker_id VARCHAR(100) NOT NULL,
  job_type VARCHAR(50) NOT NULL REFERENCES job_type_definitions (job_type) ON DELETE CASCADE,
  max_concurrent INTEGER NOT NULL DEFAULT 1, sandbox_profiles JSON, metadata JSON, last_heartbeat DATETIME,
  status VARCHAR(20) NOT NULL DEFAULT 'active', created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP, UNIQUE (worker_id, job_type));
`
