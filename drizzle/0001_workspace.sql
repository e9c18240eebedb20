CREATE TABLE `components` (
	`id` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`component_id` text NOT NULL,
	`name` text NOT NULL,
	`description` text,
	`icon` text,
	`is_system` integer NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `components_user_component` ON `components` (`user_id`,`component_id`);--> statement-breakpoint
CREATE TABLE `navigation_routes` (
	`id` text PRIMARY KEY NOT NULL,
	`creator_id` text NOT NULL,
	`name` text NOT NULL,
	`route` text NOT NULL,
	`icon` text,
	`description` text,
	`order` integer NOT NULL,
	`is_visible` integer NOT NULL,
	`is_system_route` integer NOT NULL,
	`default_component_id` text,
	`default_page_id` text,
	`can_change_default` integer NOT NULL,
	`parent_id` text,
	`display_order` integer NOT NULL,
	`is_collapsible` integer NOT NULL,
	`is_expanded` integer NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`creator_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`default_page_id`) REFERENCES `pages`(`id`) ON UPDATE no action ON DELETE set null,
	FOREIGN KEY (`parent_id`) REFERENCES `navigation_routes`(`id`) ON UPDATE no action ON DELETE set null
);
--> statement-breakpoint
CREATE UNIQUE INDEX `navigation_routes_creator_route` ON `navigation_routes` (`creator_id`,`route`);--> statement-breakpoint
CREATE INDEX `navigation_routes_order` ON `navigation_routes` (`creator_id`,`order`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `navigation_routes_parent` ON `navigation_routes` (`parent_id`,`display_order`);--> statement-breakpoint
CREATE INDEX `navigation_routes_default_page` ON `navigation_routes` (`default_page_id`);--> statement-breakpoint
CREATE TABLE `pages` (
	`id` text PRIMARY KEY NOT NULL,
	`creator_id` text NOT NULL,
	`name` text NOT NULL,
	`route` text NOT NULL,
	`parent_route` text,
	`parent_type` text,
	`is_parent_page` integer NOT NULL,
	`description` text,
	`icon` text,
	`navigation_route_id` text,
	`is_published` integer NOT NULL,
	`publish_date` integer,
	`backup_date` integer,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`creator_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `pages_creator_route` ON `pages` (`creator_id`,`route`);--> statement-breakpoint
CREATE INDEX `pages_list` ON `pages` (`creator_id`,`created_at`,`id`,`is_published`,`is_parent_page`,`parent_type`,`parent_route`,`navigation_route_id`);--> statement-breakpoint
CREATE INDEX `pages_parent` ON `pages` (`creator_id`,`parent_route`);--> statement-breakpoint
CREATE INDEX `pages_navigation_route` ON `pages` (`navigation_route_id`);--> statement-breakpoint
CREATE INDEX `pages_published_route` ON `pages` (`route`,`publish_date`) WHERE is_published = 1;--> statement-breakpoint
CREATE TABLE `page_contents` (
	`page_id` text PRIMARY KEY NOT NULL,
	`creator_id` text NOT NULL,
	`size` integer NOT NULL,
	`content` text NOT NULL,
	`content_backup` text,
	FOREIGN KEY (`page_id`) REFERENCES `pages`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `page_contents_usage` ON `page_contents` (`creator_id`,`size`);--> statement-breakpoint
CREATE TABLE `plugin_state_history` (
	`id` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`plugin_state_id` text NOT NULL,
	`version` integer NOT NULL,
	`change_type` text NOT NULL,
	`device_id` text,
	`user_agent` text,
	`ip_address` text,
	`created_at` integer NOT NULL,
	`compression_type` text,
	`state_size` integer NOT NULL,
	`state_data` blob NOT NULL,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `plugin_state_history_state` ON `plugin_state_history` (`plugin_state_id`,`version`);--> statement-breakpoint
CREATE INDEX `plugin_state_history_age` ON `plugin_state_history` (`user_id`,`created_at`,`state_size`);--> statement-breakpoint
CREATE INDEX `plugin_state_history_created` ON `plugin_state_history` (`created_at`);--> statement-breakpoint
CREATE TABLE `plugin_states` (
	`id` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`plugin_id` text NOT NULL,
	`page_id` text DEFAULT '' NOT NULL,
	`state_key` text DEFAULT '' NOT NULL,
	`state_strategy` text NOT NULL,
	`sync_status` text NOT NULL,
	`is_active` integer NOT NULL,
	`version` integer NOT NULL,
	`device_id` text,
	`state_schema_version` text,
	`ttl_expires_at` integer,
	`last_accessed` integer NOT NULL,
	`access_count` integer NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`compression_type` text,
	`state_size` integer NOT NULL,
	`state_data` blob NOT NULL,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `plugin_states_key` ON `plugin_states` (`user_id`,`plugin_id`,`page_id`,`state_key`);--> statement-breakpoint
CREATE INDEX `plugin_states_accessed` ON `plugin_states` (`user_id`,`last_accessed`,`id`);--> statement-breakpoint
CREATE INDEX `plugin_states_size` ON `plugin_states` (`user_id`,`state_size`);--> statement-breakpoint
CREATE INDEX `plugin_states_expiry` ON `plugin_states` (`ttl_expires_at`) WHERE ttl_expires_at is not null;--> statement-breakpoint
-- Written by hand: SQLite adds a stored generated column only by making the table anew.
CREATE TABLE `__new_conversations` (
	`id` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`title` text,
	`page_context` text,
	`page_id` text,
	`model` text,
	`server` text,
	`conversation_type` text NOT NULL,
	`persona_id` text,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`wire` text GENERATED ALWAYS AS (json_object('id', id, 'user_id', user_id, 'title', title, 'page_context', page_context, 'page_id', page_id, 'model', model, 'server', server, 'conversation_type', conversation_type, 'persona_id', persona_id, 'created_at', strftime('%Y-%m-%dT%H:%M:%fZ', created_at / 1000.0, 'unixepoch'), 'updated_at', strftime('%Y-%m-%dT%H:%M:%fZ', updated_at / 1000.0, 'unixepoch'), 'tags', json('[]'))) STORED NOT NULL,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`persona_id`) REFERENCES `personas`(`id`) ON UPDATE no action ON DELETE set null
);
--> statement-breakpoint
-- Page ids are written with dashes from now on, and looked for in this spelling only.
INSERT INTO `__new_conversations` (`id`, `user_id`, `title`, `page_context`, `page_id`, `model`, `server`, `conversation_type`, `persona_id`, `created_at`, `updated_at`) SELECT `id`, `user_id`, `title`, `page_context`, CASE WHEN length(replace(`page_id`, '-', '')) = 32 AND replace(`page_id`, '-', '') NOT GLOB '*[^0-9A-Fa-f]*' AND (length(`page_id`) = 32 OR `page_id` LIKE '________-____-____-____-____________') THEN lower(substr(replace(`page_id`, '-', ''), 1, 8) || '-' || substr(replace(`page_id`, '-', ''), 9, 4) || '-' || substr(replace(`page_id`, '-', ''), 13, 4) || '-' || substr(replace(`page_id`, '-', ''), 17, 4) || '-' || substr(replace(`page_id`, '-', ''), 21)) ELSE `page_id` END, `model`, `server`, `conversation_type`, `persona_id`, `created_at`, `updated_at` FROM `conversations`;--> statement-breakpoint
DROP TABLE `conversations`;--> statement-breakpoint
ALTER TABLE `__new_conversations` RENAME TO `conversations`;--> statement-breakpoint
CREATE INDEX `conversations_user_updated` ON `conversations` (`user_id`,`updated_at`,`id`);--> statement-breakpoint
CREATE INDEX `conversations_user_type_updated` ON `conversations` (`user_id`,`conversation_type`,`updated_at`,`id`);--> statement-breakpoint
CREATE INDEX `conversations_persona_updated` ON `conversations` (`persona_id`,`updated_at`,`id`);--> statement-breakpoint
CREATE INDEX `conversations_page_updated` ON `conversations` (`user_id`,`page_id`,`updated_at`,`id`,`conversation_type`) WHERE page_id is not null;--> statement-breakpoint
ALTER TABLE `personas` ADD `search_text` text DEFAULT '' NOT NULL;--> statement-breakpoint
DROP INDEX `personas_user_updated`;--> statement-breakpoint
CREATE INDEX `personas_list` ON `personas` (`user_id`,`updated_at`,`id`,`is_active`,`tags`);--> statement-breakpoint
-- SQLite folds ASCII only: other letters are found in their own case until a persona is written again.
UPDATE `personas` SET `search_text` = lower(`name` || char(10) || coalesce(`description`, '') || char(10) || `system_prompt`);
