CREATE TABLE `plugin_settings` (
	`plugin_id` text NOT NULL,
	`user_id` text NOT NULL,
	`definition_id` text NOT NULL,
	`made_instance` integer NOT NULL,
	`goes_with_plugin` integer NOT NULL,
	PRIMARY KEY(`plugin_id`, `definition_id`),
	FOREIGN KEY (`plugin_id`) REFERENCES `plugins`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `plugin_settings_user` ON `plugin_settings` (`user_id`,`definition_id`);--> statement-breakpoint
DROP INDEX `plugins_slug`;--> statement-breakpoint
ALTER TABLE `plugins` ADD `content_bytes` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX `plugins_slug` ON `plugins` (`plugin_slug`,`content_hash`,`enabled`);--> statement-breakpoint
ALTER TABLE `settings_definitions` ADD `brought_by` text REFERENCES users(id) ON DELETE SET NULL;--> statement-breakpoint
CREATE INDEX `settings_definitions_brought_by` ON `settings_definitions` (`brought_by`);--> statement-breakpoint
CREATE INDEX `plugin_modules_user_id` ON `plugin_modules` (`user_id`,`id`);