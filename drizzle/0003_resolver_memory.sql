CREATE TABLE "seen_checkpoints" (
	"origin" text PRIMARY KEY NOT NULL,
	"note" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "seen_evidence" (
	"digest" "bytea" PRIMARY KEY NOT NULL,
	"saved_at" bigint NOT NULL,
	"evidence" text NOT NULL
);
