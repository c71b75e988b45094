CREATE TABLE "description_history" (
	"domain" text NOT NULL,
	"at" bigint NOT NULL,
	"digest" "bytea" NOT NULL,
	"seq" bigint,
	"changes" text NOT NULL,
	CONSTRAINT "description_history_domain_at_pk" PRIMARY KEY("domain","at")
);
--> statement-breakpoint
ALTER TABLE "descriptions" ADD COLUMN "fresh_until" bigint;--> statement-breakpoint
ALTER TABLE "descriptions" ADD COLUMN "seq" bigint;