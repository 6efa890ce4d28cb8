"""Rows that Spark keeps, in parts: each is there whole, or is written again."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


@dataclass(frozen=True)
class Table:
    """Rows that Spark keeps: where, and how (``parquet``, ``delta``).

    Those of a batch have a column ``part``. In Parquet a part is a folder, and whole once Spark has
    written its ``_SUCCESS``; Delta adds the rows of a part in one step.
    """

    address: str
    kind: str = "parquet"

    def add(self, rows: "DataFrame", part: int = 0) -> None:
        """Write the rows of a part; what an earlier try has left of it is removed."""
        if self.kind == "parquet":
            rows.write.mode("overwrite").parquet(f"{self.address}/part={part}")
            return
        from pyspark.sql import functions as of

        numbered = rows.withColumn("part", of.lit(part))
        numbered.write.format(self.kind).mode("append").save(self.address)

    def parts(self, spark: "SparkSession") -> set[int]:
        """Return the numbers of the parts that are whole."""
        if self.kind != "parquet":
            if not self.is_there(spark):
                return set()
            return {row.part for row in self.read(spark).select("part").distinct().collect()}
        path = spark._jvm.org.apache.hadoop.fs.Path(f"{self.address}/part=*/_SUCCESS")
        files = path.getFileSystem(spark._jsc.hadoopConfiguration())
        found = (status.getPath().getParent().getName() for status in files.globStatus(path) or ())
        return {int(re.sub(r"\D", "", name)) for name in found}

    def read(self, spark: "SparkSession") -> "DataFrame":
        """Return what was written."""
        return spark.read.format(self.kind).load(self.address)

    def is_there(self, spark: "SparkSession") -> bool:
        """Return whether anything was written."""
        from pyspark.errors import AnalysisException

        try:
            self.read(spark)
        except AnalysisException:  # no folder, or no file in it that tells the columns
            return False
        return True

    def paths(self, spark: "SparkSession") -> set[str]:
        """Return the paths of the files that have a row; none where there is no table yet."""
        if not self.is_there(spark):
            return set()
        return {row.path for row in self.read(spark).select("path").toLocalIterator()}

    def paths_of_parts(self, spark: "SparkSession") -> set[str]:
        """Return the paths of the files that have a row in a part that is whole."""
        parts = self.parts(spark)
        if not parts:
            return set()
        rows = self.read(spark).select("path", "part")
        return {row.path for row in rows.toLocalIterator() if row.part in parts}
