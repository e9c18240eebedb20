CREATE TABLE `job_dependencies` (
	`job_id` text NOT NULL,
	`depends_on_job_id` text NOT NULL,
	PRIMARY KEY(`job_id`, `depends_on_job_id`),
	FOREIGN KEY (`job_id`) REFERENCES `jobs`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`depends_on_job_id`) REFERENCES `jobs`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `job_dependencies_depends_on` ON `job_dependencies` (`depends_on_job_id`);--> statement-breakpoint
CREATE TABLE `job_events` (
	`job_id` text NOT NULL,
	`sequence_number` integer NOT NULL,
	`id` text NOT NULL,
	`event_type` text NOT NULL,
	`timestamp` integer NOT NULL,
	`data` text NOT NULL,
	PRIMARY KEY(`job_id`, `sequence_number`),
	FOREIGN KEY (`job_id`) REFERENCES `jobs`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `jobs` (
	`id` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`job_type` text NOT NULL,
	`status` text NOT NULL,
	`priority` integer DEFAULT 0 NOT NULL,
	`payload` text NOT NULL,
	`secrets` text,
	`scheduled_for` integer NOT NULL,
	`started_at` integer,
	`completed_at` integer,
	`progress_percent` integer DEFAULT 0 NOT NULL,
	`current_stage` text,
	`message` text,
	`result` text,
	`error_message` text,
	`error_code` text,
	`idempotency_key` text,
	`attempts` integer DEFAULT 0 NOT NULL,
	`retry_count` integer DEFAULT 0 NOT NULL,
	`max_retries` integer DEFAULT 3 NOT NULL,
	`worker_id` text,
	`lease_until` integer,
	`cancel_requested` integer DEFAULT false NOT NULL,
	`expires_at` integer,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `jobs_list` ON `jobs` (`user_id`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `jobs_list_status` ON `jobs` (`user_id`,`status`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `jobs_list_type` ON `jobs` (`user_id`,`job_type`,`created_at`,`id`,`status`);--> statement-breakpoint
CREATE INDEX `jobs_unfinished` ON `jobs` (`user_id`,`status`) WHERE status in ('waiting', 'queued', 'running');--> statement-breakpoint
CREATE INDEX `jobs_due` ON `jobs` (`user_id`,priority desc,`created_at`) WHERE status = 'queued';--> statement-breakpoint
CREATE INDEX `jobs_scheduled` ON `jobs` (`user_id`,`scheduled_for`) WHERE status = 'queued';--> statement-breakpoint
CREATE INDEX `jobs_running` ON `jobs` (`user_id`) WHERE status = 'running';--> statement-breakpoint
CREATE UNIQUE INDEX `jobs_idempotency` ON `jobs` (`user_id`,`job_type`,`idempotency_key`) WHERE idempotency_key is not null;--> statement-breakpoint
CREATE INDEX `jobs_expiry` ON `jobs` (`expires_at`) WHERE expires_at is not null;