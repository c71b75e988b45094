CREATE TABLE "account_checks" (
	"chain" "bytea" NOT NULL,
	"link" "bytea" NOT NULL,
	"service" text NOT NULL,
	"account" text NOT NULL,
	"place" text,
	"host" text NOT NULL,
	"next_at" bigint,
	"failures" integer DEFAULT 0 NOT NULL,
	"state" text DEFAULT 'unreachable' NOT NULL,
	"reason" text DEFAULT 'unchecked',
	"checked_at" bigint,
	"answer" text,
	"answer_reason" text,
	"answered_at" bigint,
	"first_ok_at" bigint,
	"rules" integer DEFAULT 0 NOT NULL,
	"etag" text,
	"revoked_at" bigint,
	CONSTRAINT "account_checks_chain_link_pk" PRIMARY KEY("chain","link")
);
--> statement-breakpoint
CREATE TABLE "account_hosts" (
	"host" text PRIMARY KEY NOT NULL,
	"due_at" bigint NOT NULL,
	"free_at" bigint NOT NULL,
	"failures" integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE INDEX "account_checks_due" ON "account_checks" USING btree ("host","next_at") WHERE next_at is not null;--> statement-breakpoint
CREATE INDEX "account_hosts_due" ON "account_hosts" USING btree ("due_at");