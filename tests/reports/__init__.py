"""What people see: the workbook and the page."""
