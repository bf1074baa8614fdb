# Reads the CSV exports of a results folder with base R alone; docs/r-and-stata.md shows the same calls.
# Usage: Rscript --vanilla read.R FOLDER, with effects.csv, outcomes.csv, bands.csv and events.csv

folder <- commandArgs(trailingOnly = TRUE)[1]
read <- function(name) read.csv(file.path(folder, paste0(name, ".csv")), stringsAsFactors = FALSE)

effects <- read("effects")
outcomes <- read("outcomes")
bands <- read("bands")
events <- read("events")

# Numbers are numbers, and a missing cell is NA.
stopifnot(is.numeric(effects$p50), is.numeric(outcomes$latent_gap_months_mean), is.numeric(bands$p95))
stopifnot(!anyNA(effects$mean), is.character(events$text))
# One row for each arm and future.
stopifnot(nrow(outcomes) == length(unique(outcomes$regime)) * length(unique(outcomes$run)))

# A month such as "2024-01" as a date.
bands$day <- as.Date(paste0(bands$month, "-01"))
stopifnot(!anyNA(bands$day), min(bands$day) == as.Date("2020-01-01"))

# A paired effect made again from the outcomes is the one in the table.
gap <- function(arm) {
  rows <- outcomes[outcomes$regime == arm, c("run", "latent_gap_months_mean")]
  rows[order(rows$run), "latent_gap_months_mean"]
}
whole <- subset(effects, outcome == "latent_gap_months_mean" & part == "total" & stratum == "all" & is.na(horizon_months) & discount == 0)
stopifnot(nrow(whole) > 0)
for (at in seq_len(nrow(whole))) {
  differences <- gap(whole$regime[at]) - gap(whole$baseline[at])
  stopifnot(abs(mean(differences) - whole$mean[at]) < 1e-4 * max(1, abs(whole$mean[at])))
  stopifnot(abs(median(differences) - whole$p50[at]) < 1e-4 * max(1, abs(whole$p50[at])))
}

# A picture, with base graphics.
one <- subset(bands, measure == "latent_gap_months" & regime == whole$baseline[1])
if (nrow(one) > 0) {
  pdf(NULL)
  plot(one$day, one$p50, type = "l", xlab = "", ylab = "months")
  invisible(dev.off())
}
cat(sprintf("%d effects, %d outcomes, %d bands and %d events read; %d paired effects agree\n",
            nrow(effects), nrow(outcomes), nrow(bands), nrow(events), nrow(whole)))
