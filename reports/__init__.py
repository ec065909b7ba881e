"""What people see: workbook, page and terminal, in Norwegian bokmål and English."""
