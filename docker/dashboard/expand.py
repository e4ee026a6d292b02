"""Writes out what `superset import-directory` reads, from the short form that people keep.

A dashboard is a file beside this one: its charts in rows, each with a dataset from datasets/*.sql and what differs
from the defaults below. Names give the UUIDs, so that a second import renews what the first has made.
"""

import json
import shutil
import uuid
from pathlib import Path
from typing import Callable, Optional

import yaml

HERE = Path(__file__).parent
SPACE = uuid.UUID("5a3b51cf-0d4c-4f0e-9c1e-57a25147e000")
DASHBOARDS = ["shop", "live", "pipeline"]
GRID = 12


def identity(*names: str) -> str:
    return str(uuid.uuid5(SPACE, "/".join(names)))


def columns_of(spec: dict, dataset: str) -> dict:
    """Column name to what it is: its type (number, text, time), title and format."""
    found = spec["datasets"].get(dataset)
    if found is None:
        raise SystemExit(f"expand: the dataset {dataset} is not described")
    return {name: dict(zip(("type", "title", "format"), [part.strip() for part in text.split("|")])) for name, text in found.items()}


TYPES = {"number": "NUMERIC", "text": "TEXT", "time": "TIMESTAMP WITHOUT TIME ZONE"}


def dataset_file(name: str, columns: dict, seconds: Optional[int]) -> dict:
    return {
        "table_name": name,
        "sql": (HERE / "datasets" / f"{name}.sql").read_text(),
        "schema": "warehouse",
        # How long an answer is shared; NULL: as superset_config.py says.
        "cache_timeout": seconds,
        "source_db_engine": "postgresql",
        "uuid": identity("dataset", name),
        "database_uuid": identity("database"),
        "version": "1.0.0",
        "columns": [
            {
                "column_name": column,
                "verbose_name": about.get("title"),
                "type": TYPES[about["type"]],
                "is_dttm": about["type"] == "time",
                "filterable": True,
                "groupby": True,
            }
            for column, about in columns.items()
        ],
        "metrics": [],
    }


def total(column: str, columns: dict) -> dict:
    """A column that the dataset has summed already, in the form that charts ask for."""
    return {
        "expressionType": "SIMPLE",
        "aggregate": "SUM",
        "column": {"column_name": column, "type": TYPES[columns[column]["type"]]},
        "label": columns[column].get("title", column),
        "hasCustomLabel": True,
        "optionName": f"metric_{column}",
    }


def table(chart: dict, columns: dict) -> dict:
    shown = chart["columns"]
    config = {}
    for name in shown:
        about = columns[name]
        config[name] = {"showCellBars": name in chart.get("bars", []), "alignPositiveNegative": False}
        if about.get("format"):
            config[name]["d3NumberFormat"] = about["format"]
        if about["type"] == "number":
            config[name]["horizontalAlign"] = "right"
    return {
        "query_mode": "raw",
        "all_columns": shown,
        "order_by_cols": [json.dumps([column, ascending]) for column, ascending in chart["order"]],
        "row_limit": chart.get("rows", 50),
        "server_pagination": False,
        "show_cell_bars": True,
        "color_pn": False,
        "table_timestamp_format": "%H:%M:%S",
        "column_config": config,
    }


def cards(chart: dict, columns: dict) -> dict:
    return {
        "query_mode": "raw",
        "all_columns": list(columns),
        "order_by_cols": [json.dumps(["position", True])],
        "row_limit": 20,
        "handlebarsTemplate": (HERE / "cards.html").read_text(),
        "styleTemplate": "",
    }


def curve(chart: dict, columns: dict) -> dict:
    numbers = chart["numbers"]
    return {
        "x_axis": chart["x"],
        "time_grain_sqla": None,
        "metrics": [total(name, columns) for name in numbers],
        "groupby": chart.get("by", []),
        "x_axis_sort_asc": True,
        "row_limit": 5000,
        "color_scheme": "okabe_ito",
        "y_axis_format": columns[numbers[0]].get("format") or "SMART_NUMBER",
        "y_axis_title": chart.get("unit", ""),
        "y_axis_title_margin": 50,
        "y_axis_title_position": "Left",
        "truncateYAxis": False,
        "x_axis_time_format": chart.get("times", "smart_date"),
        "rich_tooltip": True,
        "show_legend": len(numbers) > 1 or bool(chart.get("by")),
        "legendType": "scroll",
        "legendOrientation": "top",
        "opacity": 0.2,
        "markerEnabled": False,
        "seriesType": "line",
    }


def bars(chart: dict, columns: dict) -> dict:
    form = curve(chart, columns)
    form.update(
        orientation="horizontal" if chart.get("horizontal", True) else "vertical",
        x_axis_sort=columns[chart["numbers"][0]]["title"],
        x_axis_sort_asc=False if not chart.get("horizontal", True) else True,
        x_axis_force_categorical=True,
        show_value=True,
        truncate_metric=True,
        row_limit=chart.get("rows", 12),
    )
    return form


def funnel(chart: dict, columns: dict) -> dict:
    return {
        "groupby": [chart["x"]],
        "metric": total(chart["numbers"][0], columns),
        "sort_by_metric": True,
        "row_limit": 10,
        "color_scheme": "steps",
        "show_legend": False,
        "show_labels": True,
        "label_type": 5,
        "tooltip_label_type": 5,
        "number_format": ",d",
        "percent_calculation_type": "first_step",
        "show_tooltip_labels": True,
    }


def world_map(chart: dict, columns: dict) -> dict:
    return {
        "entity": chart["x"],
        "country_fieldtype": "cca2",
        "metric": total(chart["numbers"][0], columns),
        "show_bubbles": False,
        "color_by": "metric",
        "linear_color_scheme": "blues",
        "y_axis_format": ",d",
        "row_limit": 300,
    }


KINDS = {
    "table": ("table", table),
    "cards": ("handlebars", cards),
    "curve": ("echarts_timeseries_line", curve),
    "area": ("echarts_area", curve),
    "columns": ("echarts_timeseries_bar", curve),
    "bars": ("echarts_timeseries_bar", bars),
    "funnel": ("funnel", funnel),
    "map": ("world_map", world_map),
}


def chart_file(chart: dict, columns: dict, dashboard: str) -> dict:
    viz_type, form_of = KINDS[chart["kind"]]
    form = form_of(chart, columns) | chart.get("more", {})
    form |= {"viz_type": viz_type, "adhoc_filters": [], "extra_form_data": {}}
    return {
        "slice_name": chart["title"],
        "description": chart["about"],
        "viz_type": viz_type,
        "params": form,
        "uuid": identity(dashboard, chart["title"]),
        "dataset_uuid": identity("dataset", chart["dataset"]),
        "version": "1.0.0",
    }


def select_filter(name: str, column: str, about: str) -> dict:
    return {
        "id": f"NATIVE_FILTER-{column}",
        "name": name,
        "description": about,
        "type": "NATIVE_FILTER",
        "filterType": "filter_select",
        "targets": [{"datasetUuid": identity("dataset", "places"), "column": {"name": column}}],
        "defaultDataMask": {"extraFormData": {}, "filterState": {}, "ownState": {}},
        "controlValues": {"multiSelect": True, "enableEmptyFilter": False, "inverseSelection": False, "searchAllOptions": False, "sortAscending": True},
        "cascadeParentIds": [],
        "scope": {"rootPath": ["ROOT_ID"], "excluded": []},
    }


def days_filter(default: str) -> dict:
    return {
        "id": "NATIVE_FILTER-days",
        "name": "Days",
        "description": "First and last day, in the shop's reporting time zone",
        "type": "NATIVE_FILTER",
        "filterType": "filter_time",
        "targets": [{}],
        "defaultDataMask": {"extraFormData": {"time_range": default}, "filterState": {"value": default}},
        "controlValues": {"enableEmptyFilter": False},
        "cascadeParentIds": [],
        "scope": {"rootPath": ["ROOT_ID"], "excluded": []},
    }


def dashboard_file(name: str, spec: dict) -> dict:
    position = {
        "DASHBOARD_VERSION_KEY": "v2",
        "ROOT_ID": {"type": "ROOT", "id": "ROOT_ID", "children": ["GRID_ID"]},
        "GRID_ID": {"type": "GRID", "id": "GRID_ID", "children": [], "parents": ["ROOT_ID"]},
        "HEADER_ID": {"type": "HEADER", "id": "HEADER_ID", "meta": {"text": spec["title"]}},
    }
    for number, row in enumerate(spec["rows"]):
        row_id = f"ROW-{number}"
        position["GRID_ID"]["children"].append(row_id)
        position[row_id] = {
            "type": "ROW", "id": row_id, "children": [], "parents": ["ROOT_ID", "GRID_ID"], "meta": {"background": "BACKGROUND_TRANSPARENT"},
        }
        for place, chart in enumerate(row):
            chart_id = f"CHART-{number}-{place}"
            position[row_id]["children"].append(chart_id)
            position[chart_id] = {
                "type": "CHART", "id": chart_id, "children": [], "parents": ["ROOT_ID", "GRID_ID", row_id],
                "meta": {
                    "uuid": identity(name, chart["title"]), "sliceName": chart["title"],
                    "width": GRID if chart["kind"] == "cards" else GRID // 2, "height": chart.get("height", 56), "chartId": 0,
                },
            }
    filters = []
    if "filters" in spec:
        filters = [days_filter(spec["filters"].pop("days"))]
        filters += [select_filter(title, column, about) for column, (title, about) in spec["filters"].items()]
    return {
        "dashboard_title": spec["title"],
        "description": spec["about"],
        "slug": name,
        "uuid": identity("dashboard", name),
        "published": True,
        "css": (HERE / "dashboard.css").read_text(),
        "position": position,
        "metadata": {
            "native_filter_configuration": filters,
            "refresh_frequency": spec.get("refresh", 0),
            # All charts at once: one after the other, they would be spread over five seconds.
            "stagger_refresh": False,
            "timed_refresh_immune_slices": [],
            "color_scheme": "",
            "cross_filters_enabled": False,
            "expanded_slices": {},
            "label_colors": {},
            "shared_label_colors": [],
            "filter_bar_orientation": "HORIZONTAL",
            "show_native_filters": bool(filters),
            "show_chart_timestamps": False,
        },
        "version": "1.0.0",
    }


def load(name: str, has: Callable[[str], bool]) -> dict:
    """A dashboard's short form, without the charts of views that this version of the extension does not have."""
    spec = yaml.safe_load((HERE / f"{name}.yaml").read_text())
    rows = [[chart for chart in row if "needs" not in chart or has(chart["needs"])] for row in spec["rows"]]
    spec["rows"] = [row for row in rows if row]
    return spec


def write(folder: Path, uri: str, has: Callable[[str], bool]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    files = {"metadata": {"version": "1.0.0", "type": "assets", "timestamp": "2026-01-01T00:00:00+00:00"}}
    files["databases/warehouse"] = {
        "database_name": "warehouse", "sqlalchemy_uri": uri, "uuid": identity("database"), "version": "1.0.0",
        "expose_in_sqllab": True, "allow_dml": False, "allow_ctas": False, "allow_cvas": False, "allow_run_async": False,
        "extra": {"engine_params": {"connect_args": {"application_name": "dashboard"}}},
    }
    for name in DASHBOARDS:
        spec = load(name, has)
        for dataset in spec["datasets"]:
            files[f"datasets/warehouse/{dataset}"] = dataset_file(dataset, columns_of(spec, dataset), spec.get("cache"))
        for row in spec["rows"]:
            for chart in row:
                columns = columns_of(spec, chart["dataset"])
                files[f"charts/{identity(name, chart['title'])}"] = chart_file(chart, columns, name)
        files[f"dashboards/{name}"] = dashboard_file(name, spec)
    for name, content in files.items():
        path = folder / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True))
