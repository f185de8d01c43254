//! Rows and their labels as Parquet files for the cold path.
