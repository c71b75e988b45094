ALTER TABLE "issued" ADD COLUMN "directory" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "issued" ADD COLUMN "key" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "issued" ADD COLUMN "subject" "bytea" DEFAULT ''::bytea NOT NULL;--> statement-breakpoint
ALTER TABLE "issued" ADD COLUMN "reference" "bytea" DEFAULT ''::bytea NOT NULL;--> statement-breakpoint
CREATE INDEX "issued_subject" ON "issued" USING btree ("subject");